/** Permalinks: `/#m123` loads the history around message 123 and marks it. */

import { query } from '../dom.js'
import { rowOf } from '../message-list.js'
import { goTo } from '../read-marker.js'
import { showNote } from '../status.js'
import { timeline } from '../store.js'
import { fetchPage, inTurn, isReady, PAGE } from '../sync.js'

/** Go to the message of the address, if it has one. */
export async function goToLinked() {
	const id = Number(/^#m(\d+)$/.exec(location.hash)?.[1])
	if (!id) return
	await isReady
	query('[aria-current]')?.removeAttribute('aria-current')
	try {
		await inTurn(() => rowOf(id) || loadAround(id))
	} catch (error) {
		return showNote(/** @type {Error} */ (error).message, true)
	}
	const row = rowOf(id)
	if (!row) return showNote('That message was deleted, or never existed.', true)
	row.hidden = false
	row.setAttribute('aria-current', 'true')
	goTo(row)
}

/** Load the history around a message, if it lies in a gap. @param {number} id */
async function loadAround(id) {
	const index = timeline.index(id)
	const edge = timeline.ids[index]
	if (!timeline.gaps.has(edge)) return
	const floor = timeline.ids[index - 1] ?? 0
	await fetchPage(Math.min(edge, id + PAGE / 2), PAGE, floor, 'history', edge)
}
