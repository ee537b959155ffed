/** JSON in the browser's storage. What it refuses, forbidden or full, lives as long as the page. */

/** @typedef {'localStorage' | 'sessionStorage'} Area the latter is per tab */

/** JSON that the browser did not store, by key. */
const refused = {
	/** @type {Map<string, string>} */
	localStorage: new Map(),
	/** @type {Map<string, string>} */
	sessionStorage: new Map(),
}

/** @param {() => any} act */
function attempt(act) {
	try {
		return act()
	} catch {
		return null
	}
}

/** @param {string} key @param {Area} area */
export const load = (key, area = 'localStorage') =>
	attempt(() => JSON.parse(refused[area].get(key) ?? window[area].getItem(key) ?? 'null'))

/** @param {string} prefix of keys @returns {any[]} */
export function loadAll(prefix) {
	const stored = attempt(() => Object.keys(localStorage)) ?? []
	const keys = [...new Set([...stored, ...refused.localStorage.keys()])]
	return keys.filter((key) => key.startsWith(prefix)).map((key) => load(key))
}

/** @param {string} key @param {unknown} value null removes the key @param {Area} area */
export function save(key, value, area = 'localStorage') {
	const json = JSON.stringify(value)
	refused[area].delete(key)
	try {
		if (value === null) window[area].removeItem(key)
		else window[area].setItem(key, json)
	} catch {
		if (value !== null) refused[area].set(key, json)
	}
}

// Another tab stored something newer.
addEventListener('storage', ({ key }) => {
	if (key === null) refused.localStorage.clear()
	else refused.localStorage.delete(key)
})
