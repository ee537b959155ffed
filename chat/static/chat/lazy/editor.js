/** The editor that replaces the body of a message. */

import { request } from '../api.js'
import { focusComposer } from '../composer.js'
import { grow, hasTouchKeyboard, isComposing, make, query, textOf } from '../dom.js'
import { load } from '../lazy.js'
import { rowOf } from '../message-list.js'
import { me } from '../session.js'
import { showNote } from '../status.js'
import { timeline } from '../store.js'

const { countDown } = await load('countdown')
const { addToDraft } = await load('draft')

/** What removes each open editor. @type {Map<HTMLElement, () => void>} by row */
const editors = new Map()

/** Remove the editors of other users than this. @param {number} user */
export function removeEditors(user) {
	for (const row of editors.keys()) if (row.dataset.user !== String(user)) keep(row)
}

/** Remove an editor; changed text goes to the draft of its user. @param {HTMLElement} row */
function keep(row) {
	/** @type {HTMLTextAreaElement} */
	const box = query('.editor textarea', row)
	const stored = timeline.rows.get(Number(row.dataset.id))?.source
	if (box.value !== stored) addToDraft(box.value, Number(row.dataset.user))
	editors.get(row)?.()
}

addEventListener('pagehide', () => [...editors.keys()].forEach(keep))

/**
 * Move the text of an editor to the draft of its user, whose sign-in may have ended.
 * @param {HTMLElement} row that the page drops @param {string} reason
 */
export function rescue(row, reason) {
	/** @type {HTMLTextAreaElement} */
	const box = query('.editor textarea', row)
	addToDraft(box.value, Number(row.dataset.user))
	editors.get(row)?.()
	showNote(`${reason} Your edit is in the message box.`, true)
}

/** Edit the last message of this user that the page holds, if any. */
export function editLast() {
	const id = timeline.ids.findLast((other) => timeline.rows.get(other)?.user_id === me())
	if (id) edit(id, focusComposer)
}

/** @param {number} id @param {() => void} [back] restores the focus */
export function edit(id, back) {
	const row = rowOf(id)
	if (!row) return
	editRow(
		row,
		timeline.rows.get(id)?.source ?? '',
		(source) => request('PUT', `/api/messages/${id}`, { source }),
		back ?? (() => row.focus({ preventScroll: true })),
	)
	row.scrollIntoView({ block: 'nearest' })
}

/**
 * @param {HTMLElement} row @param {string} source
 * @param {(source: string) => Promise<void>} save rejects with an error to show; after the end of a
 *   rate limit it is called again
 * @param {() => void} closed
 */
function editRow(row, source, save, closed) {
	if (query('.editor', row)) return
	const body = query('.body', row)
	const box = make('textarea', { value: source, rows: 1, dir: 'auto', ariaLabel: 'Edit text' })
	const words = make('span', { className: 'error', role: 'alert' })
	const accept = make('button', {}, 'Save')
	const cancel = make('button', {}, 'Cancel')
	const line = make('p', {}, accept, cancel, words)
	const editor = make('div', { className: 'editor' }, box, line)

	/** Stops the countdown. @type {(() => void) | undefined} */
	let stop

	function remove() {
		stop?.()
		editors.delete(row)
		editor.remove()
		body.hidden = false
	}

	function close() {
		if (editors.get(row) !== remove) return // it was cancelled before the answer came
		const { activeElement } = document
		const hadFocus = row.contains(activeElement) || activeElement === document.body
		remove()
		if (hadFocus) closed() // else the user writes elsewhere by now
	}

	function submit() {
		if (box.readOnly) return
		const text = textOf(box)
		const saved = text === source ? Promise.resolve() : save(text)
		box.readOnly = true // what is typed now would be lost
		saved.then(close, refused)
	}

	/** @param {import('../types.js').Problem} problem */
	function refused({ message, retry_after: wait }) {
		box.readOnly = !!wait
		words.textContent = message
		if (!wait || editors.get(row) !== remove) return
		const show = (/** @type {Node} */ countdown) => words.replaceChildren(countdown)
		stop = countDown(wait, 'Too many messages: saved again in ', show, () => {
			box.readOnly = false
			submit()
		})
	}

	accept.onclick = submit
	cancel.onclick = close
	box.oninput = () => grow(box)
	editor.onkeydown = (event) => {
		if (isComposing(event)) return
		if (event.key === 'Escape') close()
		else if (event.key !== 'Enter' || event.target !== box) return
		else if (event.shiftKey || hasTouchKeyboard()) return
		else submit()
		event.preventDefault()
	}
	editors.set(row, remove)
	body.hidden = true
	body.after(editor)
	grow(box)
	box.focus()
	box.setSelectionRange(source.length, source.length)
}
