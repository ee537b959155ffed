/** The session, shared by all tabs of this browser. */

import { load, save } from './storage.js'

/** @import {Session} from './types.js' */

const KEY = 'flack.session'
/** Milliseconds: a password change is three requests, each of at most 20 s. */
const CHANGE = 60000
/** @type {Session | null} */
export let session = load(KEY) || null
/** @type {(ended: boolean) => void} */
let changed
let timer = 0

export const me = () => session?.id ?? 0

/** @param {Session | null} next @param {boolean} ended true if the server ended the session */
export function setSession(next, ended = false) {
	session = next
	// Other tabs tell an ended session, false, from one that was signed out.
	save(KEY, ended ? false : next)
	expectToken()
	changed(ended)
}

/** End the session if the tab that changes the password is gone: no new token will come. */
function expectToken() {
	clearTimeout(timer)
	if (session && !session.token) timer = setTimeout(setSession, CHANGE, null, true)
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
	expectToken()
	addEventListener('storage', ({ key }) => {
		if (key !== KEY && key !== null) return
		const kept = load(KEY)
		const ended = !!session && kept === false
		session = kept || null
		expectToken()
		changed(ended)
	})
}
