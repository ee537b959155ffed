/** The people who are online, those who were recently here, and a search among them. */

import { make, query } from './dom.js'
import { me } from './session.js'
import { isGone, newest, users } from './store.js'

/** @import {User} from './types.js' */

/** Seconds within which a user counts as recently here. */
export const RECENT = 6 * 3600
const MOST_RECENT = 20
/** Milliseconds: users come in bursts, when many of them connect. */
const PAUSE = 50
const collator = new Intl.Collator()
const lists = query('#people .lists')
/** @type {HTMLInputElement} */
const searchField = query('#find')
/** @type {Map<number, HTMLElement>} by user id */
const items = new Map()
let timer = 0

/** Show the users of the store, soon. */
export function showPeople() {
	timer ||= setTimeout(render, PAUSE)
}

function render() {
	timer = 0
	const term = searchField.value.trim().toLowerCase()
	const all = [...users.rows.values()].filter(({ id }) => !isGone('User', id))
	const found = all.filter(({ nickname }) => nickname.toLowerCase().includes(term))
	const online = found.filter((user) => user.online)
	const since = term ? 0 : newest - RECENT
	const recent = found.filter((user) => !user.online && user.last_seen_at > since)
	online.sort((a, b) => collator.compare(a.nickname, b.nickname))
	recent.sort((a, b) => b.last_seen_at - a.last_seen_at)
	const count = String(all.filter((user) => user.online).length)
	for (const element of document.querySelectorAll('.count')) element.textContent = count
	fill(query('#participants'), online)
	fill(query('#recent'), recent.slice(0, MOST_RECENT))
	query('h2', lists).hidden = !recent.length
	query('[role=status]', lists).hidden = !term || found.length > 0
	// One stop for the Tab key; arrow keys move on.
	lists.querySelectorAll('button').forEach((button, index) => (button.tabIndex = index ? -1 : 0))
}

/** @param {HTMLElement} list @param {User[]} people */
function fill(list, people) {
	const wanted = people.map(itemOf)
	const { children } = list
	// An item that is moved loses the focus: most stay where they are.
	for (const item of [...children]) if (!wanted.some((other) => other === item)) item.remove()
	wanted.forEach((item, at) => {
		if (children[at] !== item) list.insertBefore(item, children[at] ?? null)
	})
}

/** @param {User} user */
function itemOf({ id, nickname, online }) {
	const item = items.get(id) ?? make('li', {}, make('button', { dir: 'auto' }))
	items.set(id, item)
	const button = query('button', item)
	Object.assign(button.dataset, { action: 'person', user: id })
	button.classList.toggle('online', online)
	button.classList.toggle('me', id === me())
	button.textContent = nickname
	return item
}

searchField.oninput = render
lists.onkeydown = (event) => {
	const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
	const buttons = [...lists.querySelectorAll('button')]
	const at = buttons.findIndex((button) => button === document.activeElement)
	if (!step || at < 0) return
	buttons[at + step]?.focus()
	event.preventDefault()
}
