/** The muted users. This browser hides their messages and does not count them as unread. */

import { load, save } from './storage.js'

const KEY = 'flack.muted'
/** @type {Set<number>} ids of users */
let muted = new Set(load(KEY))
/** @type {() => void} */
let changed

/** @param {number} user */
export const isMuted = (user) => muted.has(user)

/** @param {number} user @param {boolean} isOn false shows the user's messages again */
export function mute(user, isOn = true) {
	if (isOn) muted.add(user)
	else muted.delete(user)
	save(KEY, [...muted])
	changed()
}

/** @param {typeof changed} listener called after a change in any tab */
export function watchMuted(listener) {
	changed = listener
	addEventListener('storage', ({ key }) => {
		if (key !== KEY && key !== null) return
		muted = new Set(load(KEY))
		changed()
	})
}
