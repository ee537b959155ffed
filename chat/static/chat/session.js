/** The session, shared by all tabs of this browser. */

import { load, save } from './storage.js'

/** @typedef {{token: string, id: number, nickname: string}} Session */

const KEY = 'flack.session'
/** @type {Session | null} */
export let session = load(KEY)
/** @type {(ended: boolean) => void} */
let changed

export const me = () => session?.id ?? 0

/** @param {Session | null} next @param {boolean} ended true if the server ended the session */
export function setSession(next, ended = false) {
	session = next
	save(KEY, next)
	changed(ended)
}

/**
 * Change the session, if it is still that of the user that the change is about.
 * @param {number} user @param {Partial<Session>} change @returns {boolean} false if it is not
 */
export function updateSession(user, change) {
	if (session?.id !== user) return false
	setSession({ ...session, ...change })
	return true
}

/** @param {string} [token] that the server refused; another may be in use by now */
export function endSession(token) {
	if (!token || session?.token !== token) return
	// Another tab may have replaced it, and its event comes later than the answer of the server.
	const kept = load(KEY)
	if (!kept || kept.token === token) setSession(null, true)
}

/** @param {typeof changed} listener called after a change in any tab */
export function watchSession(listener) {
	changed = listener
	addEventListener('storage', ({ key }) => {
		if (key !== KEY && key !== null) return
		session = load(KEY)
		changed(false)
	})
}
