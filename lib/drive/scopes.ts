/** What a token may reach. */

export const SCOPES = {
	/** Only files that the application made: all that a consent is asked for. */
	own: 'https://www.googleapis.com/auth/drive.file',
	/** Everything that the account sees. A service account needs it to see a folder that it was given; its role bounds it. */
	everything: 'https://www.googleapis.com/auth/drive',
} as const;
