/** What the signed-in user may do. */

import { request } from './api.js'
import { me } from './session.js'

const AGAIN = 5000

/** False until the server has responded. */
export const rights = { is_banned: false, is_staff: false }

/** @param {() => void} changed called when the rights are known */
export async function fetchRights(changed) {
	const user = me()
	Object.assign(rights, { is_banned: false, is_staff: false })
	const found = user && (await request('GET', '/api/users/me').catch(() => null))
	if (user !== me()) return
	if (!found) return void (user && setTimeout(fetchRights, AGAIN, changed))
	Object.assign(rights, { is_banned: found.is_banned, is_staff: found.is_staff })
	changed()
}
