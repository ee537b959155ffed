/** The sign-in form, which registers a new nickname. */

import { request } from './api.js'
import { query } from './dom.js'
import { setSession } from './session.js'
import { showNote } from './status.js'

/** @type {HTMLFormElement} */
const form = query('#signin')
/** @type {HTMLInputElement} */
const nicknameField = query('[name=nickname]', form)
/** @type {HTMLInputElement} */
const passwordField = query('[name=password]', form)

/** @param {boolean} isOpen true while no user is signed in @param {string} name the last user's */
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

/** @param {string} nickname @param {string} password @returns the note to show */
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
	// The user's nickname may differ from the typed one in case and composition.
	user ??= await request('GET', '/api/users/me', undefined, `Bearer ${token}`)
	setSession({ token, id: user.id, nickname: user.nickname })
	if (isNew) return `Welcome, ${user.nickname}. You are registered now.`
	return `Welcome back, ${user.nickname}. You are signed in.`
}

form.onsubmit = async (event) => {
	event.preventDefault()
	try {
		showNote(await enter(nicknameField.value.trim(), passwordField.value))
		form.reset()
	} catch (error) {
		showNote(/** @type {Error} */ (error).message, true)
		passwordField.select()
	}
}
