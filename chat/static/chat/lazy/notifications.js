/** Notifications of mentions while the page is hidden, if the user enabled them. */

import { showNote } from '../status.js'
import { load, save } from '../storage.js'
import { users } from '../store.js'

const KEY = 'flack.notifications'

export const mayNotify = () =>
	load(KEY) && window.Notification?.permission === 'granted'

/** @param {boolean} on @returns true if they are on: the browser may refuse */
export async function askToNotify(on) {
	save(KEY, on)
	if (on) await window.Notification?.requestPermission()
	return mayNotify()
}

/** Show a message, once for all tabs. @param {import('../types.js').Message} message */
export function notify({ id, user_id: author, source: body }) {
	if (!document.hidden || !mayNotify()) return
	const name = users.rows.get(author)?.nickname ?? 'Flack'
	try {
		new Notification(name, { body, tag: `flack-${id}` }).onclick = () => window.focus()
	} catch (error) {
		if (!(error instanceof TypeError)) throw error
		// Chrome on Android grants the permission, but a page cannot use it.
		save(KEY, false)
		showNote('This browser does not show notifications of pages: they are off now.', true)
	}
}
