/** Notifications of mentions while the page is hidden, if the user enabled them. */

import { showNote } from '../status.js'
import { load, save } from '../storage.js'

const KEY = 'flack.notifications'

export const mayNotify = () =>
	load(KEY) && window.Notification?.permission === 'granted'

/** @param {boolean} on @returns true if they are on: the browser may refuse */
export async function askToNotify(on) {
	save(KEY, on)
	if (on) await window.Notification?.requestPermission()
	return mayNotify()
}

/** @param {number} id of the message, shown once by all tabs @param {string} author
 * @param {string} body */
export function notify(id, author, body) {
	if (!document.hidden || !mayNotify()) return
	try {
		new Notification(author, { body, tag: `flack-${id}` }).onclick = () => window.focus()
	} catch (error) {
		if (!(error instanceof TypeError)) throw error
		// Chrome on Android grants the permission, but a page cannot use it.
		save(KEY, false)
		showNote('This browser does not show notifications of pages: they are off now.', true)
	}
}
