/** The countdown to the end of a rate limit. */

/**
 * @param {number} wait in seconds @param {(left: number) => void} show called each second
 * @param {() => void} done called at the end @returns {() => void} stops it
 */
export function countDown(wait, show, done) {
	const end = Date.now() + wait * 1000
	let timer = 0

	function tick() {
		const left = Math.ceil((end - Date.now()) / 1000)
		if (left <= 0) return done()
		show(left)
		timer = setTimeout(tick, 1000)
	}

	tick()
	return () => clearTimeout(timer)
}
