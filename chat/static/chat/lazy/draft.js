/** Text that other parts of the page write into the message box. */

import { DRAFT } from '../composer.js'
import { query } from '../dom.js'
import { me } from '../session.js'
import { load, save } from '../storage.js'

/** @type {HTMLTextAreaElement} */
const box = query('#message')

/** Append text to the draft of a user in this tab. @param {string} text @param {number} user */
export function addToDraft(text, user = me()) {
	const key = DRAFT + user
	const before = user === me() ? box.value : load(key, 'sessionStorage')
	const draft = [before, text].filter(Boolean).join('\n')
	if (user !== me()) return save(key, draft, 'sessionStorage')
	box.value = draft
	box.setSelectionRange(draft.length, draft.length)
	box.dispatchEvent(new Event('change'))
}

/** Write at the caret, after a space. @param {string} text */
export function insertText(text) {
	const { selectionStart: at, selectionEnd: end } = box
	const space = /\S$/.test(box.value.slice(0, at)) ? ' ' : ''
	box.setRangeText(space + text, at, end, 'end')
	box.dispatchEvent(new Event('input'))
	box.focus()
}
