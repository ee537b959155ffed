/** Deleting a message: the page asks once, and the user can undo it for some seconds. */

import { request } from '../api.js'
import { hasTouchKeyboard, make, makeButton, query } from '../dom.js'
import { rowOf } from '../message-list.js'
import { me } from '../session.js'
import { showNote } from '../status.js'
import { remove } from '../sync.js'

const UNDO = 6000
/** @type {Map<number, {timer: number, user: number}>} by id of the message */
const due = new Map()

/** @param {number} id of a message */
export const ask = (id) =>
	show(id, 'Delete this message?', makeButton('confirm', 'Delete'), makeButton('keep', 'Keep'))

/** Delete the message in some seconds. @param {number} id */
export function confirm(id) {
	show(id, 'Deleted.', makeButton('keep', 'Undo'))
	rowOf(id)?.classList.add('deleted')
	due.set(id, { timer: setTimeout(send, UNDO, id), user: me() })
}

/** @param {number} id */
export function keep(id) {
	clearTimeout(due.get(id)?.timer)
	due.delete(id)
	restore(id)?.focus({ preventScroll: true })
}

/** Show a message as before. @param {number} id @returns its row, if there is one */
function restore(id) {
	const row = rowOf(id)
	row?.classList.remove('deleted')
	if (row) query('.deletion', row)?.remove()
	return row
}

/** Delete what was confirmed, without waiting. @returns {Promise<void>[]} */
export const sendAll = () => [...due.keys()].map(send)

/** @param {number} id */
async function send(id) {
	const { timer, user } = due.get(id) ?? {}
	clearTimeout(timer)
	due.delete(id)
	if (user !== me()) {
		showNote('Not deleted: you were signed out.', true)
		return void restore(id)
	}
	try {
		await request('DELETE', `/api/messages/${id}`)
	} catch (error) {
		const { status, message } = /** @type {Error & {status: number}} */ (error)
		if (status !== 404) {
			rowOf(id)?.classList.remove('deleted')
			const buttons = [makeButton('confirm', 'Delete'), makeButton('keep', 'Keep')]
			return show(id, `Not deleted. ${message}`, ...buttons)
		}
	}
	remove({ class: 'Message', first: id, last: id })
}

/** @param {number} id @param {string} words @param {...HTMLElement} buttons */
function show(id, words, ...buttons) {
	const row = rowOf(id)
	if (!row) return
	const hadFocus = row.contains(document.activeElement)
	query('.deletion', row)?.remove()
	row.append(make('p', { className: 'deletion' }, `${words} `, ...buttons))
	if (hadFocus) buttons[0].focus({ preventScroll: true })
	row.scrollIntoView({ block: 'nearest' })
}

// What was confirmed is deleted, also if the page is closed before. A phone may end a page that is
// hidden without another event.
addEventListener('pagehide', sendAll)
addEventListener('visibilitychange', () => document.hidden && hasTouchKeyboard() && sendAll())
