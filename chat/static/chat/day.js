/** Days: their names, and the one that stays at the top of the log. */

import { query } from './dom.js'

const PROBE = 40
const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' })
const log = query('#log')
const sticky = query('#day')

/** Return the full date of a day, which identifies it. @param {Date | number} date */
export const dayOf = (date) => format.format(date)

/** @param {string} day a full date */
export function nameOf(day) {
	if (day === dayOf(Date.now())) return 'Today'
	const now = new Date()
	return day === dayOf(now.setDate(now.getDate() - 1)) ? 'Yesterday' : day
}

/** Show the day of the message at the top of the log, unless its own line is in view. */
export function showDay() {
	const { left, top, width } = log.getBoundingClientRect()
	const entry = document.elementFromPoint(left + width / 2, top + PROBE)?.closest('.entry')
	if (!entry) return
	const line = query('.day', entry)
	sticky.hidden = !!line && line.getBoundingClientRect().top >= top
	sticky.textContent = nameOf(query('article', entry).dataset.day ?? '')
}
