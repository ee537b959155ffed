/**
 * The modules in the folder `lazy`, each loaded when a user first needs it. They load each other
 * by `load` too: a browser may remember that an imported module failed.
 */

import { showNote } from './status.js'

/**
 * @typedef {{
 *   'account': typeof import('./lazy/account.js'),
 *   'action-bar': typeof import('./lazy/action-bar.js'),
 *   'completion': typeof import('./lazy/completion.js'),
 *   'countdown': typeof import('./lazy/countdown.js'),
 *   'deleting': typeof import('./lazy/deleting.js'),
 *   'editor': typeof import('./lazy/editor.js'),
 *   'emoji': typeof import('./lazy/emoji.js'),
 *   'excerpt': typeof import('./lazy/excerpt.js'),
 *   'form': typeof import('./lazy/form.js'),
 *   'help': typeof import('./lazy/help.js'),
 *   'notifications': typeof import('./lazy/notifications.js'),
 *   'part': typeof import('./lazy/part.js'),
 *   'permalink': typeof import('./lazy/permalink.js'),
 *   'person': typeof import('./lazy/person.js'),
 *   'reply': typeof import('./lazy/reply.js'),
 *   'search': typeof import('./lazy/search.js'),
 *   'signin': typeof import('./lazy/signin.js'),
 * }} Modules
 */

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
