/** The modules in the folder `lazy`, each loaded when a user first needs it. */

import { showNote } from './status.js'

/**
 * @typedef {{
 *   'account': typeof import('./lazy/account.js'),
 *   'action-bar': typeof import('./lazy/action-bar.js'),
 *   'completion': typeof import('./lazy/completion.js'),
 *   'deleting': typeof import('./lazy/deleting.js'),
 *   'editor': typeof import('./lazy/editor.js'),
 *   'emoji': typeof import('./lazy/emoji.js'),
 *   'help': typeof import('./lazy/help.js'),
 *   'permalink': typeof import('./lazy/permalink.js'),
 *   'person': typeof import('./lazy/person.js'),
 *   'reply': typeof import('./lazy/reply.js'),
 *   'search': typeof import('./lazy/search.js'),
 *   'signin': typeof import('./lazy/signin.js'),
 * }} Modules
 */

/** @type {Partial<Record<keyof Modules, Promise<any>>>} */
const modules = {}
let failures = 0

/** @template {keyof Modules} K @param {K} name @returns {Promise<Modules[K]>} */
export function load(name) {
	// Browsers may remember that a module failed: another URL makes them try again.
	const path = `./lazy/${name}.js${failures ? `?${failures}` : ''}`
	return (modules[name] ??= import(path).catch((error) => {
		delete modules[name]
		failures += 1
		throw error
	}))
}

/** Load modules before they are needed; `use` tries again. @param {...keyof Modules} names */
export const prepare = (...names) => names.forEach((name) => load(name).catch(() => null))

/**
 * Do something with a module. If it cannot be loaded, the page asks the user to try again.
 * @template {keyof Modules} K @param {K} name @param {(module: Modules[K]) => unknown} act
 */
export const use = (name, act) =>
	load(name).then(act, (error) => {
		// A module that does not fit those already loaded is of another version.
		const isUpdated = error instanceof SyntaxError
		showNote(isUpdated ? 'Flack was updated: reload the page.' : FAILED, true)
	})

const FAILED = 'That part of the page could not be loaded. Try again.'
