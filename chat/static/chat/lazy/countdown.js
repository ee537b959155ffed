/** The countdown to the end of a rate limit. */

import { make } from '../dom.js'

/**
 * @param {number} wait in seconds @param {string} words before the seconds
 * @param {(words: Node) => void} show called once: what changes each second is not read out
 * @param {() => void} done called at the end @returns {() => void} stops it
 */
export function countDown(wait, words, show, done) {
	const end = Date.now() + wait * 1000
	const seconds = make('span', { ariaLive: 'off' })
	let timer = 0

	function tick() {
		const left = Math.ceil((end - Date.now()) / 1000)
		if (left <= 0) return done()
		seconds.textContent = `${left} s.`
		timer = setTimeout(tick, 1000)
	}

	show(make('span', {}, words, seconds))
	tick()
	return () => clearTimeout(timer)
}
