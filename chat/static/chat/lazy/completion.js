/** Completion of @nicknames from a list, with arrow keys. */

import { make, query } from '../dom.js'
import { users } from '../store.js'

const MOST = 6
const BEGUN = /(?:^|[^\p{L}\p{N}])@([^@\n]{0,32})$/u
/** @type {HTMLTextAreaElement} */
const box = query('#message')
const list = query('#mentions')
/** @type {string[]} */
let found = []
let chosen = 0

/** @param {KeyboardEvent} event @returns true if the list handled the key */
export function completes(event) {
	const { length } = found
	if (!length) return false
	const step = { ArrowDown: 1, ArrowUp: length - 1 }[event.key]
	if (step) show(found, (chosen + step) % length)
	else if (event.key === 'Enter' || event.key === 'Tab') take(chosen)
	else if (event.key === 'Escape') show([])
	else return false
	event.preventDefault()
	return true
}

/** Return the start of a nickname before the caret, if any. */
const begun = () => BEGUN.exec(box.value.slice(0, box.selectionStart))?.[1]

export function offer() {
	const start = begun()?.toLowerCase()
	const fitting = [...users.rows.values()].filter(
		({ online, nickname }) => online && nickname.toLowerCase().startsWith(start ?? '\n'),
	)
	show(fitting.map(({ nickname }) => nickname).sort().slice(0, MOST))
}

/** @param {string[]} names @param {number} index */
function show(names, index = 0) {
	found = names
	chosen = index
	const options = names.map((name, at) => {
		const ariaSelected = String(at === index)
		return make('li', { id: `mention-${at}`, role: 'option', dir: 'auto', ariaSelected }, name)
	})
	list.replaceChildren(...options)
	list.hidden = !names.length
	// The box stays a text box by name and role: its parent is the combobox, as in ARIA 1.1.
	query('#combobox').ariaExpanded = String(!list.hidden)
	if (names.length) box.setAttribute('aria-activedescendant', options[index].id)
	else box.removeAttribute('aria-activedescendant')
}

/** @param {number} index */
function take(index) {
	const end = box.selectionStart
	box.setRangeText(`${found[index]} `, end - (begun()?.length ?? 0), end, 'end')
	box.dispatchEvent(new Event('input'))
}

box.addEventListener('blur', () => show([]))
list.onmousedown = (event) => {
	event.preventDefault()
	const index = [...list.children].indexOf(/** @type {Element} */ (event.target))
	if (index >= 0) take(index)
}
