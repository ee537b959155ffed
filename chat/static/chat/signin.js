/** Signing in. A new nickname is registered. */

import { request } from './api.js'
import { find } from './dom.js'
import { setSession } from './session.js'
import { say } from './words.js'

/** @type {HTMLFormElement} */
const form = find('#signin')
/** @type {HTMLInputElement} */
const nicknameField = find('[name=nickname]', form)
/** @type {HTMLInputElement} */
const passwordField = find('[name=password]', form)

/** @param {boolean} isOpen nobody is signed in @param {string} name of who was just now */
export function toggleSignIn(isOpen, name = '') {
	form.hidden = !isOpen
	if (!name) return
	nicknameField.value = name
	passwordField.focus()
}

/** @param {string} nickname @param {string} password @returns {Promise<string>} a new token */
export async function fetchToken(nickname, password) {
	const bytes = new TextEncoder().encode(`${nickname}:${password}`)
	const basic = `Basic ${btoa(String.fromCharCode(...bytes))}`
	return (await request('POST', '/api/tokens', undefined, basic)).token
}

/** @param {string} nickname @param {string} password @returns what was done, in words */
async function enter(nickname, password) {
	/** @type {Error | undefined} */
	let refusal
	let user = await request('POST', '/api/users', { nickname, password }).catch((error) => {
		if (error.status !== 400) throw error
		refusal = error
	})
	const isNew = !!user
	const token = await fetchToken(nickname, password).catch((error) => {
		if (error.status !== 401 || !refusal) throw error
		if (!/taken/.test(refusal.message)) throw refusal
		throw new Error(`${nickname} is registered already, with another password.`)
	})
	// The token has put its user online.
	const online = '/api/users?online=1'
	user ??= (await request('GET', online, undefined, `Bearer ${token}`)).users.find(
		(/** @type {import('./store.js').User} */ other) => other.nickname === nickname,
	)
	if (!user) throw new Error('You were not found among those online. Try again.')
	setSession({ token, id: user.id, nickname: user.nickname })
	if (isNew) return `Welcome, ${user.nickname}. You are registered now.`
	return `Welcome back, ${user.nickname}. You are signed in.`
}

form.onsubmit = async (event) => {
	event.preventDefault()
	try {
		say(await enter(nicknameField.value.trim(), passwordField.value))
		form.reset()
	} catch (error) {
		say(/** @type {Error} */ (error).message, true)
		passwordField.select()
	}
}
