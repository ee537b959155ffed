/** The list of online users, sorted by nickname. */

import { make, query } from './dom.js'
import { me } from './session.js'

const list = query('#participants')
/** @type {Map<number, HTMLElement>} */
const items = new Map()

/** @param {import('./store.js').User} user that came online, left or was renamed */
export function showParticipant({ id, nickname, online }) {
	items.get(id)?.remove()
	items.delete(id)
	if (online) {
		const item = make('li', { className: id === me() ? 'me' : '', dir: 'auto' }, nickname)
		const next = [...list.children].find((li) => nickname.localeCompare(li.textContent ?? '') < 0)
		list.insertBefore(item, next ?? null)
		items.set(id, item)
	}
	query('#online').textContent = String(items.size)
}
