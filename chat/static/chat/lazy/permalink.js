/** Permalinks: `/#m123` loads the history around message 123 and marks it. */

import { query } from '../dom.js'
import { rowOf } from '../message-list.js'
import { goTo } from '../read-marker.js'
import { showNote } from '../status.js'
import { isReady, loadAround } from '../sync.js'

/** Go to the message of the address, if it has one. */
export async function goToLinked() {
	const id = Number(/^#m(\d+)$/.exec(location.hash)?.[1])
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
