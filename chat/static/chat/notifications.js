/** Notifications of mentions, for a reader who asked for them and looks elsewhere. */

import { load, save } from './storage.js'

const KEY = 'flack.notifications'

export const mayNotify = () =>
	load(KEY) && window.Notification?.permission === 'granted'

/** @param {boolean} on @returns whether they are on now: the browser may have said no */
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
