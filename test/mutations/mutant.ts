/** A protection, how to take it out, and the test that must notice. */
export interface Mutant {
	/** What the protection keeps from happening. */
	protection: string;
	/** Relative to the checkout. */
	file: string;
	/** Stands exactly once in the file. */
	find: string;
	replace: string;
	/** Its test meets what is built, as a script of the editor is: the tree is built with it and again without it. */
	built?: true;
	/** Fails without the protection. */
	test: {
		file: string;
		name: string;
		/** Default 45,000 ms. */
		timeoutMs?: number;
	};
}
