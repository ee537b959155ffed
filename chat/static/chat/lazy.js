/**
 * The modules in the folder `lazy`, each loaded when a user first needs it. They load each other
 * by `load` too: a browser may remember that an imported module failed.
 */

import { showNote } from './status.js'

/** @import {Modules} from './types.js' */

const FAILED = 'That part of the page could not be loaded. Try again.'
/** @type {Partial<Record<keyof Modules, Promise<any>>>} */
const modules = {}
let failures = 0
/** True while the note is about a module. */
let isFailed = false

/** @template {keyof Modules} K @param {K} name @returns {Promise<Modules[K]>} */
export function load(name) {
	// Another URL makes a browser try again that remembers the failure.
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
	load(name).then((module) => {
		if (isFailed) showNote('')
		isFailed = false
		act(module)
	}, (error) => {
		isFailed = true
		// A module that does not fit those already loaded is of another version.
		const isUpdated = error instanceof SyntaxError
		showNote(isUpdated ? 'Flack was updated: reload the page.' : FAILED, true)
	})
