/** A realm of ten departments that grows, in a real Keycloak. */
import { type Owner, sharedKeycloak, type TestRealm } from '../../test/keycloak.ts';

/** Six come with the clinic's realm; the others are named here. */
const OWN = ['Medicina', 'Enfermería', 'Compras', 'Farmacia', 'Informática', 'Auditoría'];
const MORE = ['Laboratorio', 'Radiología', 'Admisión', 'Cocina'];
export const DEPARTMENTS = [...OWN, ...MORE];

/** Users an import: 3,000 took 7.4 s. */
const IMPORTED = 2_000;

const username = (index: number) => `persona${String(index).padStart(5, '0')}`;

export async function departments(owner: Owner): Promise<TestRealm> {
	const keycloak = await sharedKeycloak();
	return keycloak.realm(owner, {
		staff: false,
		change(realm) {
			const roles = (realm['roles'] as { realm: object[] }).realm;
			roles.push(...MORE.map((name) => ({ name: roleOf(name) })));
			(realm['groups'] as object[]).push(...MORE.map((name) => ({ name, realmRoles: [roleOf(name)] })));
		},
	});
}

export function roleOf(department: string): string {
	return department.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Adds users until there are so many, in all departments alike. */
export async function growTo(realm: TestRealm, count: number): Promise<void> {
	const there = (await realm.request('GET', '/users/count')) as number;
	for (let first = there; first < count; first += IMPORTED) {
		const users = Array.from({ length: Math.min(IMPORTED, count - first) }, (_, index) => ({
			...{ username: username(first + index), enabled: true, firstName: 'Persona', lastName: `${first + index}` },
			email: `${username(first + index)}@clinica.example`,
			groups: [`/${DEPARTMENTS[(first + index) % DEPARTMENTS.length]}`],
		}));
		await realm.request('POST', '/partialImport', { ifResourceExists: 'FAIL', users });
	}
}

/** Everybody's id, by the number in the name. */
export async function idsOf(realm: TestRealm): Promise<string[]> {
	const path = '/users?briefRepresentation=true&first=0&max=100000';
	const users = (await realm.request('GET', path)) as { id: string; username: string }[];
	return users.toSorted((a, b) => (a.username < b.username ? -1 : 1)).map(({ id }) => id);
}

export const idOf = (realm: TestRealm, index: number): Promise<string> => realm.idOf(username(index));

/** What Odoo should have of a person. */
export function accountOf(index: number): { login: string; name: string; email: string } {
	return { login: username(index), name: `Persona ${index}`, email: `${username(index)}@clinica.example` };
}
