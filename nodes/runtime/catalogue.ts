/** Catalogue of `nodes/runtime`: the texts that every node of this package shares. Read by the editor's scripts too. */
export const SHARED_CATALOGUE = '@clinic-hub/node-red-clinic-hub/clinic-hub';
