/** The list of those who are online, by nickname. */

import { find, make } from './dom.js'
import { me } from './session.js'

const list = find('#participants')
/** @type {Map<number, HTMLElement>} */
const items = new Map()

/** @param {import('./store.js').User} user who came, left or was renamed */
export function showParticipant({ id, nickname, online }) {
	items.get(id)?.remove()
	items.delete(id)
	if (online) {
		const item = make('li', { className: id === me() ? 'me' : '' }, nickname)
		const next = [...list.children].find((li) => nickname.localeCompare(li.textContent ?? '') < 0)
		list.insertBefore(item, next ?? null)
		items.set(id, item)
	}
	find('#online').textContent = String(items.size)
}
