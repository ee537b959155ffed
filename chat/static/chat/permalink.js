/** Permalinks: `/#m123` loads the history around message 123 and marks it. */

import { rowOf } from './message-list.js'
import { goTo } from './read-marker.js'
import { showNote } from './status.js'
import { query } from './dom.js'
import { isReady, loadAround } from './sync.js'

/** @param {number} id */
export const linkTo = (id) => `${location.origin}/#m${id}`

/** Go to the message of the address, if it has one. */
export async function followLink() {
	const id = Number(/^#m(\d{1,15})$/.exec(location.hash)?.[1])
	if (!id) return
	await isReady
	query('[aria-current]')?.removeAttribute('aria-current')
	try {
		if (!rowOf(id)) await loadAround(id)
	} catch (error) {
		return showNote(/** @type {Error} */ (error).message, true)
	}
	const row = rowOf(id)
	if (!row) return showNote('That message was deleted, or never existed.', true)
	row.hidden = false
	row.setAttribute('aria-current', 'true')
	goTo(row)
}

/** Leave the message of the address, so that a reload shows the newest ones. */
export function leaveLink() {
	query('[aria-current]')?.removeAttribute('aria-current')
	if (location.hash) history.replaceState(null, '', location.pathname)
}

addEventListener('hashchange', followLink)
