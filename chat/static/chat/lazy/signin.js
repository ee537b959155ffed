/** The sign-in form, which registers a nickname that is free. */

import { problem, request } from '../api.js'
import { make, query, textOf } from '../dom.js'
import { load } from '../lazy.js'
import { session, setSession } from '../session.js'
import { showNote } from '../status.js'

/** @import {Problem, User} from '../types.js' */

const { setUpForm } = await load('form')
const { fetchToken } = await load('token')
const PAUSE = 300
/** @type {HTMLFormElement} */
const form = query('#signin')
/** @type {HTMLInputElement} */
const nicknameField = query('[name=nickname]', form)
/** @type {HTMLInputElement} */
const passwordField = query('[name=password]', form)
const hint = query('#hint')
const { textContent: greeting } = hint
let timer = 0

/** Ask for the password of the user who was signed out. @param {string} nickname */
export function signInAgain(nickname) {
	// The module may come late: the user may have begun to type.
	if (session || nicknameField.value || form.matches(':focus-within')) return
	nicknameField.value = nickname
	announce()
	passwordField.focus()
}

/** Show a note if the sign-in of a user ended with the account. @param {number} user */
export const explainEnd = (user) =>
	request('GET', `/api/users/${user}`).catch(({ status }) => {
		if (status !== 404 || session) return
		showNote('Your account was deleted, with all its messages.', true)
	})

const typed = () => textOf(nicknameField).trim()

/**
 * Return the user that has taken a nickname, if any.
 * @param {string} nickname @returns {Promise<User | undefined>}
 * @throws {Problem} with `fields` for a nickname that cannot be registered
 */
const find = async (nickname) =>
	(await request('GET', `/api/users?nickname=${encodeURIComponent(nickname)}`)).users[0]

/** Show under the form whether it will register or sign in. */
async function announce() {
	const nickname = typed()
	hint.textContent = greeting
	const user = nickname ? await find(nickname).catch(() => null) : null
	if (user === null || nickname !== typed()) return
	const name = make('bdi', {}, user?.nickname ?? nickname)
	hint.replaceChildren(user ? 'You will sign in as ' : 'You will register as ', name, '.')
	passwordField.autocomplete = user ? 'current-password' : 'new-password'
}

async function enter() {
	const [nickname, password] = [typed(), passwordField.value.toWellFormed()]
	/** @type {Problem | undefined} */
	let refusal
	let user = await find(nickname).catch((error) => {
		// An old nickname may break a rule that is newer: only its user can sign in by it.
		if (!error.fields.nickname) throw error
		refusal = error
	})
	const isNew = !user && !refusal
	if (isNew) user = await request('POST', '/api/users', { nickname, password })
	const token = await fetchToken(nickname, password).catch((error) => {
		if (error.status !== 401) throw error
		const words = `${user?.nickname} is registered already, with another password.`
		throw refusal ?? problem(401, words, { password: [words] })
	})
	user ??= await request('GET', '/api/users/me', undefined, `Bearer ${token}`)
	const { id, nickname: name } = /** @type {User} */ (user)
	setSession({ token, id, nickname: name })
	hint.textContent = greeting
	if (isNew) showNote(`Welcome, ${name}. You are registered now.`)
	else showNote(`Welcome back, ${name}. You are signed in.`)
}

setUpForm(form, enter, (words) => showNote(words, true))
nicknameField.addEventListener('input', () => {
	clearTimeout(timer)
	timer = setTimeout(announce, PAUSE)
})
announce() // what was typed before this module was here
