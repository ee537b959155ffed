/** The message list: an entry per message, which holds its markers and its row. */

import { nameOf } from './day.js'
import { make, makeButton, query } from './dom.js'
import { showHtml } from './html.js'
import * as messageRow from './message-row.js'
import { follows, makeRow, showAuthor, showReader, showState, showTime } from './message-row.js'
import { isMuted } from './muted.js'
import { timeline } from './store.js'

/** @import {Actions, Item, Message} from './types.js' */

const list = query('#list')
/** @type {Map<number | string, HTMLElement>} by message id, or by ref while unsent */
const rows = new Map()
let newLine = 0
/** @type {(row: HTMLElement) => void} */
let changed = () => undefined

const near = new IntersectionObserver(
	(seen) => {
		for (const { isIntersecting, target } of seen) {
			if (!isIntersecting) continue
			near.unobserve(target)
			query('.gap button', target)?.click()
		}
	},
	{ root: list.parentElement, rootMargin: '900px 0px 0px' },
)

/** @param {Actions} actions */
export function setUpMessageList(actions) {
	list.addEventListener('click', ({ target }) => {
		const button = target instanceof Element ? target.closest('button') : null
		const entry = button?.closest('.entry')
		// The buttons of an editor have handlers of their own, which may have removed them.
		if (!entry || !button?.dataset.action) return
		const row = rowIn(entry)
		const { id, ref } = row.dataset
		// The action may remove the button: keep the focus inside the list.
		if (document.activeElement === button) row.focus({ preventScroll: true })
		actions[button.dataset.action]?.(ref ?? Number(id), button)
	})
}

/** @param {typeof changed} listener called for each row, and again when it or its reader changes */
export function watchRows(listener) {
	changed = listener
	rows.forEach((row) => changed(row))
}

/** @param {number} id */
export const rowOf = (id) => rows.get(id)

/** @param {Message[]} messages @param {number} edge the one after them, if they are history */
export function showRows(messages, edge) {
	const end = rows.get(edge)?.parentElement
	const page = make('div')
	// A page is rendered when it comes near the viewport: rendering all of them is too slow.
	if (end && !end.previousElementSibling) end.parentElement?.before(page)
	const newestFirst = messages.toSorted((a, b) => b.id - a.id)
	const touched = newestFirst.flatMap((message) => place(message, page))
	for (const entry of new Set(touched)) arrange(entry)
	if (end) arrange(end)
}

/** Draw the "New" line above a message. @param {number} id 0 for no line */
export function setNewLine(id) {
	const entries = [newLine, id].map((key) => rows.get(key)?.parentElement)
	newLine = id
	for (const entry of entries) if (entry) arrange(entry)
}

/** @param {(number | string)[]} keys */
export function dropRows(keys) {
	for (const key of keys) {
		const entry = rows.get(key)?.parentElement
		const next = entry && beside(entry, 'next')
		const heir = next ?? (entry && beside(entry, 'previous'))
		// The focus would get lost.
		if (entry?.contains(document.activeElement)) {
			(heir ? rowIn(heir) : query('#log')).focus({ preventScroll: true })
		}
		entry?.remove()
		rows.delete(key)
		if (next) arrange(next)
	}
}

/** @param {Item} item */
export function showUnsent(item) {
	const row = rows.get(item.ref) ?? makeRow(item.user)
	const hadFocus = row.contains(document.activeElement)
	showState(row, item)
	if (hadFocus && !row.contains(document.activeElement)) row.focus({ preventScroll: true })
	if (rows.has(item.ref)) return void changed(row)
	showTime(row, item.at)
	row.dataset.ref = item.ref
	rows.set(item.ref, row)
	list.lastElementChild?.append(entryOf(row))
	arrange(entryOf(row))
}

/**
 * Turn the row of an unsent message into the row of the stored one, so it is not announced twice.
 * @param {string} ref @param {number} id
 */
export function adopt(ref, id) {
	const row = rows.get(ref)
	if (!row || rows.has(id)) return
	rows.delete(ref)
	rows.set(id, row)
	query('.failed', row)?.remove()
	delete row.dataset.state
	delete row.dataset.ref
	changed(row)
}

/** Name the days anew, after midnight. */
export function showDays() {
	for (const line of list.querySelectorAll('.day')) {
		const { day = '' } = rowIn(/** @type {Element} */ (line.parentElement)).dataset
		line.textContent = nameOf(day)
	}
}

/** @param {number} userId a user that was loaded or renamed */
export function showName(userId) {
	for (const row of rows.values()) if (row.dataset.user === String(userId)) showAuthor(row)
}

/** Mark the mentions of this user, who was not known yet. @param {string} nickname */
export function showMentions(nickname) {
	const mention = `@${nickname}`.toLowerCase()
	for (const [id, row] of rows) {
		const { source = '', html = '' } = timeline.rows.get(Number(id)) ?? {}
		if (query('mark.me', row) || !source.toLowerCase().includes(mention)) continue
		showHtml(query('.body', row), html)
		show(row)
	}
}

export const showReaders = () => rows.forEach(show)

/** @param {HTMLElement} row */
function show(row) {
	showReader(row)
	changed(row)
}

/** Hide the rows of muted users. */
export function showMuted() {
	for (const row of rows.values()) row.hidden = isMuted(Number(row.dataset.user))
}

/** @param {Message} message @param {Element} page @returns {Element[]} entries to arrange */
function place({ id, user_id: userId, created_at: at, edited_at: edited, source, html }, page) {
	const row = rows.get(id) ?? makeRow(userId)
	const hadFocus = row.contains(document.activeElement)
	rows.set(id, row)
	row.dataset.id = String(id)
	row.hidden = isMuted(userId)
	showTime(row, at)
	Object.assign(query('.at', row), { href: `#m${id}` })
	query('.body', row).id = `text-${id}`
	row.setAttribute('aria-describedby', `text-${id}`)
	try {
		showHtml(query('.body', row), html)
	} catch (error) {
		// One message that cannot be rendered must not stop those after it.
		reportError(error)
		query('.body', row).textContent = source
	}
	messageRow.showEdited(row, edited)
	messageRow.fold(row)
	show(row)
	const entry = entryOf(row)
	const next = entryAfter(id)
	const isPlaced = entry.isConnected && (beside(entry, 'next') ?? null) === next
	if (page.isConnected) page.prepend(entry)
	else if (!isPlaced) (next?.parentElement ?? list.lastElementChild)?.insertBefore(entry, next)
	// What had it may be gone.
	if (hadFocus && !row.contains(document.activeElement)) row.focus({ preventScroll: true })
	return next ? [entry, next] : [entry]
}

/** @param {HTMLElement} row */
const entryOf = (row) => row.parentElement ?? make('div', { className: 'entry' }, row)

/** @param {Element} entry */
const rowIn = (entry) => /** @type {HTMLElement} */ (entry.lastElementChild)

/** Return the entry of the next message, or of the first unsent one. @param {number} id */
function entryAfter(id) {
	const next = rows.get(timeline.ids[timeline.index(id) + 1])?.parentElement
	return next ?? list.querySelector('.entry:has([data-state])')
}

/** @param {Element} entry @param {'next' | 'previous'} side may be in another page */
function beside(entry, side) {
	const page = entry.parentElement?.[`${side}ElementSibling`]
	const inPage = side === 'next' ? page?.firstElementChild : page?.lastElementChild
	return entry[`${side}ElementSibling`] ?? inPage
}

/** Put the markers above a row. @param {Element} entry */
function arrange(entry) {
	const row = rowIn(entry)
	while (row.previousSibling) row.previousSibling.remove()
	const before = beside(entry, 'previous')
	const above = before && rowIn(before)
	const { id, day = '' } = row.dataset
	const hasGap = timeline.gaps.has(Number(id))
	if (hasGap) mark(row, 'gap', makeButton('load', 'Load earlier messages'))
	if (hasGap || day !== above?.dataset.day) mark(row, 'day', nameOf(day))
	if (Number(id) === newLine) mark(row, 'new', 'New')
	row.classList.toggle('follow', !!above && !row.previousSibling && follows(row, above))
	// History loads when the gap comes near the viewport.
	if (hasGap && !above) near.observe(entry)
}

/** @param {HTMLElement} row @param {string} className @param {string | Node} content */
const mark = (row, className, content) => row.before(make('p', { className }, content))
