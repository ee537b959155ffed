/** What happens when messages or people come, and when the reader moves or edits. */

import { request } from './api.js'
import { focusComposer } from './composer.js'
import { find } from './dom.js'
import { editRow } from './editor.js'
import * as log from './log.js'
import { notify } from './notifications.js'
import * as outbox from './outbox.js'
import { showParticipant } from './participants.js'
import * as reader from './reader.js'
import { me } from './session.js'
import { deletions, isDeleted, timeline, users } from './store.js'

/** @import {Deletion, Message, User} from './store.js' */
/** @typedef {'first' | 'news' | 'history'} Origin */

const MOST_ROWS = 2000
const MOST_SPOKEN = 10
const region = find('#log')
const button = find('#unread')
/** @type {Set<number>} authors asked for */
const asked = new Set()
let silence = 0

/** @param {User[]} changed */
export function showUsers(changed) {
	for (const user of changed) {
		showParticipant(user)
		log.showName(user.id)
	}
}

/**
 * Show messages of the timeline: new ones, and new versions.
 * @param {Message[]} messages @param {Origin} origin @param {number} edge the one after them
 */
export function showMessages(messages, origin, edge = 0) {
	const fresh = messages.filter(({ id }) => !log.rowOf(id)).sort((a, b) => a.id - b.id)
	for (const message of fresh) {
		if (message.user_id === me()) log.adopt(outbox.refOf(message), message.id)
	}
	meet(fresh)
	speak(origin === 'news' && fresh.length <= MOST_SPOKEN)
	const show = () => log.showRows(messages, edge)
	if (origin === 'history') reader.insertAbove(show)
	else show()
	find('#begin').hidden = timeline.gaps.has(timeline.ids[0])
	if (origin === 'history') return
	const others = fresh.filter(({ user_id: author }) => author !== me())
	const isWatching = origin === 'news' && reader.isAtBottom && !document.hidden
	if (!isWatching) reader.arrived(others.map(({ id }) => id))
	if (origin === 'first') reader.toUnread()
	else reader.settle()
	read()
	if (origin === 'news') others.forEach(notifyOf)
}

/** Take out what was deleted; begin anew if all is gone. @param {Deletion} deletion */
export function remove(deletion) {
	deletions.push(deletion)
	const user = deletion.class === 'User' && users.rows.get(deletion.first)
	if (user && users.merge({ ...user, online: false })) showUsers([{ ...user, online: false }])
	const gone = [...timeline.rows.values()].filter(isDeleted)
	log.dropRows(timeline.remove(gone.map(({ id }) => id)))
	if (gone.length && !timeline.last) location.reload()
}

/** @param {string} source */
export function post(source) {
	log.setNewLine(0)
	outbox.add(source)
	reader.toBottom()
}

/** @returns false when the reader has written nothing */
export function editLast() {
	const id = timeline.ids.findLast((other) => timeline.rows.get(other)?.user_id === me())
	if (id) edit(id, focusComposer)
	return !!id
}

/** Note what was seen, say what is left; forget the oldest of very many. */
export function read() {
	const { isAtBottom } = reader
	if (isAtBottom && !document.hidden) reader.seen(timeline.last)
	if (isAtBottom && timeline.ids.length > MOST_ROWS) log.dropRows(timeline.trim(MOST_ROWS / 2))
	const count = reader.unread
	document.title = count ? `(${count}) Flack` : 'Flack'
	button.hidden = isAtBottom
	button.textContent = count ? `${count} new message${count > 1 ? 's' : ''}` : 'To the newest'
}

/** @param {number} id @param {() => void} [back] puts the focus somewhere */
export function edit(id, back) {
	const row = log.rowOf(id)
	if (!row) return
	editRow(
		row,
		timeline.rows.get(id)?.source ?? '',
		(source) => request('PUT', `/api/messages/${id}`, { source }),
		() => (back ? back() : find('.edit', row).focus()),
	)
	row.scrollIntoView({ block: 'nearest' })
}

/** Get to know who is not online. @param {Message[]} messages by anybody */
export const meet = (messages) =>
	Promise.all(messages.map(({ user_id: author }) => fetchUser(author)))

/** @param {number} id */
async function fetchUser(id) {
	if (users.rows.has(id) || asked.has(id)) return
	asked.add(id)
	const asOf = performance.now()
	const user = await request('GET', `/api/users/${id}`).catch(() => asked.delete(id) && null)
	if (user && users.merge(user, asOf)) showUsers([user])
}

/** @param {boolean} isAloud a screen reader may say what comes now */
function speak(isAloud) {
	region.ariaLive = isAloud ? 'polite' : 'off'
	clearTimeout(silence)
	if (!isAloud) silence = setTimeout(speak, 1000, true)
}

/** @param {Message} message */
function notifyOf({ id, user_id: author, source }) {
	const row = log.rowOf(id)
	if (row && find('mark.me', row)) notify(id, users.rows.get(author)?.nickname ?? 'Flack', source)
}

button.onclick = () => {
	reader.toUnread()
	read()
}
reader.watchScroll(read)
