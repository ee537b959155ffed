/** The card of a user: mention, mute, when the user was last seen. */

import { query } from '../dom.js'
import { load } from '../lazy.js'
import { isMuted, mute } from '../muted.js'
import { me } from '../session.js'
import { users } from '../store.js'

/** @type {[Intl.RelativeTimeFormatUnit, number][]} with their seconds */
const UNITS = [['day', 86400], ['hour', 3600], ['minute', 60]]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const { addPart } = await load('part')
const { insertText } = await load('draft')
const card = await addPart('person')
const mentionButton = query('[data-action=mention]', card)
const muteButton = query('[data-action=mute]', card)
let shownId = 0

/** @param {number} id */
export function open(id) {
	const user = users.rows.get(id)
	if (!user) return
	shownId = id
	query('h2', card).textContent = user.nickname
	const { online, last_seen_at: at } = user
	const seen = at ? `Last seen ${ago(at)}` : 'This account was deleted.'
	query('.seen', card).textContent = online ? 'Online' : seen
	mentionButton.hidden = !me()
	muteButton.hidden = id === me()
	showMuted()
	card.showModal()
}

function showMuted() {
	const isOn = isMuted(shownId)
	muteButton.textContent = isOn ? 'Unmute' : 'Mute'
	query('.muted', card).textContent = isOn ? 'Muted: this browser hides the messages.' : ''
}

/** @param {number} at Unix seconds */
function ago(at) {
	const seconds = Date.now() / 1000 - at
	const [unit, size] = UNITS.find(([, least]) => seconds >= least) ?? UNITS[2]
	return seconds < 60 ? 'just now' : relative.format(-Math.floor(seconds / size), unit)
}

mentionButton.onclick = () => {
	card.close()
	insertText(`@${users.rows.get(shownId)?.nickname} `)
}
muteButton.onclick = () => {
	mute(shownId, !isMuted(shownId))
	showMuted()
}
query('[data-action=close]', card).onclick = () => card.close()
