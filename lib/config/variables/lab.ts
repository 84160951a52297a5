/** Of the laboratory. */

import type { Variable } from './variable.ts';

export const LAB_VARIABLES: Record<string, Variable> = {
	HUB_LAB_DIR: {
		kind: 'text',
		otherwise: { en: '`.lab` in the checkout', es: '`.lab` en la copia de trabajo' },
		text: { en: 'Directory of the laboratory.', es: 'Directorio del laboratorio.' },
	},
	ODOO_SRC: {
		kind: 'text',
		otherwise: { en: 'a labelled stand-in', es: 'un sustituto señalado como tal' },
		text: {
			en: "Directory of Odoo 18's source; with it the laboratory runs the real Odoo.",
			es: 'Directorio del código de Odoo 18; con él, el laboratorio usa el Odoo real.',
		},
	},
};
