/** Completion of @nicknames and of :emoji: from a list, with arrow keys. */

import { make, query } from '../dom.js'
import { load, use } from '../lazy.js'
import { users } from '../store.js'

const { addStyle } = await load('part')
await addStyle('parts.css')

const MOST = 6
const BEGUN = /(?:^|[^\p{L}\p{N}])(?:@([^@\n]{0,32})|:([\w+-]{2,32}|[\w+-]{1,32}:))$/u
/** @type {HTMLTextAreaElement} */
const box = query('#message')
const list = query('#mentions')
/** What each option shows and writes. @type {{label: string, text: string}[]} */
let found = []
let chosen = 0

/** @param {KeyboardEvent} event @returns true if the list handled the key */
export function completes(event) {
	const { length } = found
	if (!length) return false
	const step = { ArrowDown: 1, ArrowUp: length - 1 }[event.key]
	if (step) show(found, (chosen + step) % length)
	else if (event.key === 'Enter' || event.key === 'Tab') take(found[chosen].text)
	else if (event.key === 'Escape') show([])
	else return false
	event.preventDefault()
	return true
}

/** Return the start of a nickname, or of the name of an emoji, before the caret. */
const begun = () => BEGUN.exec(box.value.slice(0, box.selectionStart)) ?? []

export function offer() {
	const [, nickname, name] = begun()
	if (name) use('emoji', offerEmoji)
	else if (nickname === undefined) show([])
	else show(findPeople(nickname.toLowerCase()), 0, 'People to mention')
}

/** @param {string} start */
function findPeople(start) {
	const fitting = [...users.rows.values()].filter(
		({ online, nickname }) => online && nickname.toLowerCase().startsWith(start),
	)
	const names = fitting.map(({ nickname }) => nickname).sort()
	return names.map((name) => ({ label: name, text: `@${name} ` }))
}

/** @param {typeof import('./emoji.js')} module */
function offerEmoji({ emoji, findNames }) {
	const name = begun()[2]?.toLowerCase()
	if (!name) return show([])
	if (name.endsWith(':')) {
		const whole = emoji.get(name.slice(0, -1))
		return whole ? take(whole) : show([])
	}
	const options = findNames(name).map((other) => {
		const text = /** @type {string} */ (emoji.get(other))
		return { label: `${text} ${other}`, text: `${text} ` }
	})
	show(options, 0, 'Emoji')
}

/** @param {typeof found} options @param {number} index @param {string} label of the list */
function show(options, index = 0, label = list.ariaLabel ?? '') {
	found = options.slice(0, MOST)
	chosen = index
	const items = found.map((option, at) => {
		const ariaSelected = String(at === index)
		const properties = { id: `mention-${at}`, role: 'option', dir: 'auto', ariaSelected }
		return make('li', properties, option.label)
	})
	list.replaceChildren(...items)
	list.ariaLabel = label
	list.hidden = !found.length
	// The box stays a text box by name and role: its parent is the combobox, as in ARIA 1.1.
	query('#combobox').ariaExpanded = String(!list.hidden)
	if (found.length) box.setAttribute('aria-activedescendant', items[index].id)
	else box.removeAttribute('aria-activedescendant')
}

/** Write a text instead of what was begun. @param {string} text */
function take(text) {
	const [, nickname, name] = begun()
	const end = box.selectionStart
	box.setRangeText(text, end - (nickname ?? name ?? '').length - 1, end, 'end')
	box.dispatchEvent(new Event('input'))
}

box.addEventListener('blur', () => show([]))
list.onmousedown = (event) => {
	event.preventDefault()
	const index = [...list.children].indexOf(/** @type {Element} */ (event.target))
	if (index >= 0) take(found[index].text)
}
