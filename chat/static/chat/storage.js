/** JSON in localStorage. Where the browser forbids that, nothing outlives the tab. */

/** @param {() => any} act */
function attempt(act) {
	try {
		return act()
	} catch {
		return null
	}
}

/** @param {string} key */
export const load = (key) => attempt(() => JSON.parse(localStorage.getItem(key) ?? 'null'))

/** @param {string} prefix of keys @returns {any[]} */
export function loadAll(prefix) {
	const keys = attempt(() => Object.keys(localStorage)) ?? []
	return keys.filter((/** @type {string} */ key) => key.startsWith(prefix)).map(load)
}

/** @param {string} key @param {unknown} value null removes the key */
export function save(key, value) {
	if (value === null) attempt(() => localStorage.removeItem(key))
	else attempt(() => localStorage.setItem(key, JSON.stringify(value)))
}
