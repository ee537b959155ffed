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

/** @param {Partial<Session>} change of the session, if there is one */
export function updateSession(change) {
	if (session) setSession({ ...session, ...change })
}

/** @param {string} [token] that the server refused; another may be in use by now */
export function endSession(token) {
	if (token && session?.token === token) setSession(null, true)
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
