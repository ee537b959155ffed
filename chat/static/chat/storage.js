/** JSON in the browser's storage. Where that is forbidden, nothing outlives the page. */

/** @param {() => any} act */
function attempt(act) {
	try {
		return act()
	} catch {
		return null
	}
}

/** @param {string} key @param {'localStorage' | 'sessionStorage'} area the latter is per tab */
export const load = (key, area = 'localStorage') =>
	attempt(() => JSON.parse(window[area].getItem(key) ?? 'null'))

/** @param {string} prefix of keys @returns {any[]} */
export function loadAll(prefix) {
	const keys = attempt(() => Object.keys(localStorage)) ?? []
	return keys
		.filter((/** @type {string} */ key) => key.startsWith(prefix))
		.map((/** @type {string} */ key) => load(key))
}

/**
 * @param {string} key @param {unknown} value null removes the key
 * @param {'localStorage' | 'sessionStorage'} area the latter is per tab
 */
export function save(key, value, area = 'localStorage') {
	if (value === null) attempt(() => window[area].removeItem(key))
	else attempt(() => window[area].setItem(key, JSON.stringify(value)))
}
