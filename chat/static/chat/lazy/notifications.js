/** Notifications of mentions while the page is hidden, if the user enabled them. */

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
	new Notification(author, { body, tag: `flack-${id}` }).onclick = () => window.focus()
}
