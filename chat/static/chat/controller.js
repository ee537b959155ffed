/** Update the page when messages or users change, and when the user scrolls, posts or edits. */

import { request } from './api.js'
import { showDay } from './day.js'
import { query } from './dom.js'
import { use } from './lazy.js'
import * as messageList from './message-list.js'
import { isMuted, watchMuted } from './muted.js'
import * as outbox from './outbox.js'
import { showPeople } from './participants.js'
import * as readMarker from './read-marker.js'
import { me, session, updateSession } from './session.js'
import { END, isDeleted, keepDeletions, timeline, users } from './store.js'

/** @import {Deletion, Message, Origin, User} from './types.js' */

const MOST_ROWS = 2000
const MOST_SPOKEN = 10
/** Users in one request. */
const MOST_IDS = 100
const region = query('#log')
const button = query('#unread')
/** @type {Set<number>} ids of authors that were requested */
const asked = new Set()
let silence = 0

/** @param {User[]} changed */
export function showUsers(changed) {
	for (const user of changed) {
		const { id, nickname } = user
		messageList.showName(id)
		if (id !== me()) continue
		if (nickname !== session?.nickname) updateSession(id, { nickname })
		messageList.showMentions(nickname)
		read()
	}
	showPeople()
}

/**
 * Show messages of the timeline: new ones, and new versions.
 * @param {Message[]} messages @param {Origin} origin @param {number} edge the one after them
 */
export function showMessages(messages, origin, edge = 0) {
	const fresh = messages.filter(({ id }) => !messageList.rowOf(id)).sort((a, b) => a.id - b.id)
	for (const message of fresh) {
		if (message.user_id === me()) messageList.adopt(outbox.refOf(message), message.id)
	}
	meet(fresh)
	const others = fresh.filter(({ user_id: author }) => author !== me() && !isMuted(author))
	speak(origin === 'news' && others.length > 0 && fresh.length <= MOST_SPOKEN)
	const show = () => messageList.showRows(messages, edge)
	if (origin === 'history') readMarker.insertHistory(show)
	else show()
	query('#begin').hidden = timeline.gaps.has(timeline.ids[0])
	const isWatching = origin === 'news' && readMarker.isAtBottom && !document.hidden
	if (!isWatching) readMarker.arrived(others.map(({ id }) => id))
	if (origin === 'first') readMarker.toUnread()
	else if (origin === 'news') readMarker.settle()
	read()
	if (origin === 'news') others.forEach(notifyOf)
}

/**
 * Show a pushed message. Of two versions of one second, show the one in the database.
 * @param {Message} message @param {string} ref of the unsent message that became this one, if known
 */
export async function receive(message, ref) {
	const asOf = performance.now()
	const row = timeline.isTie(message)
		? await request('GET', `/api/messages/${message.id}`).catch(() => null)
		: message
	if (!row || !timeline.merge(row, asOf)) return
	messageList.adopt(ref, row.id)
	showMessages([row], 'news')
}

/**
 * Remove deleted rows.
 * @param {Deletion[]} given @returns {boolean} true if that took all, or all that follow a gap
 */
export function remove(given) {
	const fresh = keepDeletions(given)
	if (!fresh.length) return false
	for (const { class: name, first } of fresh) {
		const user = name === 'User' && users.rows.get(first)
		// The row stays, for its nickname in messages, but no list shows it.
		if (user) users.merge({ ...user, online: false, last_seen_at: 0 })
	}
	showPeople()
	const gone = [...timeline.rows.values()].filter(isDeleted)
	const ids = timeline.remove(gone.map(({ id }) => id))
	drop(ids, 'The message was deleted.')
	readMarker.removed(ids)
	read()
	return !!ids.length && (!timeline.last || timeline.gaps.has(END))
}

/** @param {number[]} ids of messages @param {string} reason */
function drop(ids, reason) {
	for (const id of ids) {
		const row = messageList.rowOf(id)
		if (row && query('.editor', row)) use('editor', ({ rescue }) => rescue(row, reason))
	}
	messageList.dropRows(ids)
}

/** @param {string} source */
export function post(source) {
	messageList.setNewLine(0)
	outbox.add(source)
	readMarker.toBottom()
}

/** Mark visible messages as read, show the unread count, and drop rows above the bound. */
export function read() {
	const { isAtBottom } = readMarker
	if (isAtBottom && !document.hidden) readMarker.seen(timeline.last)
	if (isAtBottom && timeline.ids.length > MOST_ROWS) {
		drop(timeline.trim(MOST_ROWS / 2), 'The page no longer holds the message.')
	}
	const { unread } = readMarker
	const mentions = [...unread].filter(mentionsMe).length
	// There may be more above what is loaded.
	const count = `${unread.size}${timeline.gaps.has(readMarker.firstUnread()) ? '+' : ''}`
	document.title = unread.size ? `(${count}) Flack` : 'Flack'
	button.hidden = isAtBottom
	const words = [
		unread.size ? `${count} new message${count === '1' ? '' : 's'}` : 'To the newest',
		...(mentions ? [`${mentions} mention${mentions > 1 ? 's' : ''}`] : []),
	]
	button.textContent = words.join(', ')
	showDay()
}

/** @param {number} id */
function mentionsMe(id) {
	const row = messageList.rowOf(id)
	return !!row && !!query('mark.me', row)
}

/** Fetch the authors that the page does not hold yet, all at once. @param {Message[]} messages */
export async function meet(messages) {
	const authors = new Set(messages.map(({ user_id: author }) => author))
	const unknown = [...authors].filter((id) => !users.rows.has(id) && !asked.has(id))
	for (const id of unknown) asked.add(id)
	const asOf = performance.now()
	for (let at = 0; at < unknown.length; at += MOST_IDS) {
		const ids = unknown.slice(at, at + MOST_IDS)
		const answer = await request('GET', `/api/users?ids=${ids}`).catch(() => null)
		/** @type {User[]} */
		const found = answer?.users ?? []
		showUsers(found.filter((user) => users.merge(user, asOf)))
		if (answer) continue
		for (const id of ids) asked.delete(id)
		setTimeout(meet, 5000, messages)
	}
}

/** @param {boolean} isAloud true if a screen reader may announce new messages */
function speak(isAloud) {
	region.ariaLive = isAloud ? 'polite' : 'off'
	clearTimeout(silence)
	if (!isAloud) silence = setTimeout(speak, 1000, true)
}

/** @param {Message} message */
function notifyOf(message) {
	if (!document.hidden || !mentionsMe(message.id)) return
	use('notifications', ({ notify }) => notify(message))
}

button.onclick = () => {
	// Leave the message of a permalink, so that a reload shows the newest ones.
	query('[aria-current]')?.removeAttribute('aria-current')
	if (location.hash) history.replaceState(null, '', location.pathname)
	readMarker.toUnread()
	read()
	if (button.hidden) region.focus({ preventScroll: true })
}
readMarker.watchScroll(read)
readMarker.watchOtherTabs(read)
watchMuted(() => {
	messageList.showMuted()
	const hidden = [...timeline.rows.values()].filter(({ user_id: author }) => isMuted(author))
	readMarker.removed(hidden.map(({ id }) => id))
	read()
})
