/** The reader's own account: nickname, password, notifications, signing out. */

import { request } from './api.js'
import { find } from './dom.js'
import { mayNotify, askToNotify } from './notifications.js'
import { me, session, setSession } from './session.js'
import { fetchToken } from './signin.js'
import { say } from './words.js'

/** @type {Record<string, (value: string) => Promise<string>>} what each form does, in words */
const actions = {
	async rename(nickname) {
		await request('PUT', `/api/users/${me()}`, { nickname })
		update({ nickname })
		return `You are ${nickname} now.`
	},
	async password(password) {
		let token = session?.token
		// This ends every token; a socket that says so speaks of the old one.
		update({ token: '' })
		try {
			await request('PUT', `/api/users/${me()}`, { password }, `Bearer ${token}`)
			token = await fetchToken(session?.nickname ?? '', password)
		} finally {
			update({ token })
		}
		return 'Your password is changed. You are signed out everywhere else.'
	},
	async leave() {
		await request('DELETE', '/api/tokens').catch(() => null)
		find('#you').remove()
		setSession(null)
		return 'You are signed out.'
	},
}

/** @param {Partial<import('./session.js').Session>} change */
function update(change) {
	if (session) setSession({ ...session, ...change })
}

find('#me').onclick = () => {
	/** @type {HTMLTemplateElement} */
	const template = find('#account')
	document.body.append(template.content.cloneNode(true))
	/** @type {HTMLDialogElement} */
	const dialog = find('#you')
	dialog.onclose = () => dialog.remove()
	for (const [name, act] of Object.entries(actions)) {
		const form = find(`[name=${name}]`, dialog)
		form.onsubmit = async (event) => {
			event.preventDefault()
			/** @type {HTMLInputElement | null} */
			const field = find('input', form)
			try {
				say(await act(field?.value ?? ''))
				dialog.close()
			} catch (error) {
				find('.error', form).textContent = /** @type {Error} */ (error).message
			}
		}
	}
	/** @type {HTMLInputElement} */
	const notify = find('[type=checkbox]', dialog)
	notify.checked = mayNotify()
	notify.onchange = async () => (notify.checked = await askToNotify(notify.checked))
	dialog.showModal()
}
