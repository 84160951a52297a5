/** The page of Odoo's database manager, its forms as they stand in `web/static/src/public/database_manager.qweb.html`. */
import { escaped } from './pages.ts';

export interface PageFacts {
	listDb: boolean;
	/** The master password is `admin`. */
	insecure: boolean;
	databases: readonly string[];
	error?: string | undefined;
	/** False for the selector, which offers no buttons. */
	manage?: boolean;
}

/** With its lists of languages and countries the real page has 43 kB; these have as many. */
const COUNTRIES = 400;

export function managerPage({ listDb, insecure, databases, error, manage = true }: PageFacts): string {
	const shown = listDb ? databases : [];
	const warning = `<div class="alert alert-warning">
                        Warning, your Odoo database manager is not protected.<br/>
                        Please <a href="#" data-bs-toggle="modal" data-bs-target=".o_database_master">set a master password</a> to secure it.
                    </div>`;
	const disabled =
		'<div class="alert alert-danger text-center">The database manager has been disabled by the administrator</div>';
	const list = shown.map(
		(name) => `<div class="list-group-item d-flex align-items-center">
                                <a class="d-block flex-grow-1" href="/odoo?db=${escaped(name)}">${escaped(name)}</a>
                                ${manage ? `<button type="button" data-bs-target=".o_database_backup" class="o_database_action btn btn-primary" data-db="${escaped(name)}">Backup</button>` : ''}
                            </div>`,
	);
	return `<!DOCTYPE html>
<html>
<head>
    <meta http-equiv="content-type" content="text/html; charset=utf-8"/>
    <title>Odoo</title>
</head>
<body>
    <div class="container">
                ${listDb ? (insecure && shown.length > 0 ? warning : '') : disabled}
                ${error === undefined ? '' : `<div class="alert alert-danger">${escaped(error)}</div>`}
                <div class="list-group">${list.join('\n')}</div>
        ${['create', 'restore', 'duplicate', 'drop', 'backup'].map((action) => form(action, insecure)).join('\n')}
                    <form id="form_change_pwd" role="form" action="/web/database/change_password" method="post">
                            ${insecure ? '<input type="hidden" name="master_pwd" class="form-control" value="admin"/>' : masterInput('form-control')}
                            <input id="master_pwd_new" type="password" name="master_pwd_new" class="form-control" required="required" autocomplete="new-password"/>
                    </form>
    </div>
</body>
</html>`;
}

function form(action: string, insecure: boolean): string {
	const generated = `<div class="alert alert-warning">
                <p>Warning, your Odoo database manager is not protected. To secure it, we have generated the following master password for it:</p>
                <p style="text-align: center;"><strong class="generated_master_pwd"></strong></p>
            </div>`;
	const input = masterInput(insecure ? 'form-control generated_master_pwd_input' : 'form-control');
	return `<form role="form" action="/web/database/${action}" method="post">
            ${insecure ? generated : ''}${input}
            ${action === 'create' ? `<select name="country_code" class="form-select">${countries()}</select>` : ''}
        </form>`;
}

function masterInput(style: string): string {
	return `<input name="master_pwd" required="required" autofocus="autofocus" type="password" autocomplete="current-password" class="${style}"/>`;
}

function countries(): string {
	return Array.from({ length: COUNTRIES }, (_, index) => {
		return `<option value="${String(index).padStart(3, '0')}" data-zone="America/Santiago">Country or territory, number ${index}</option>`;
	}).join('\n');
}
