import packageJson from '../package.json' with { type: 'json' };

/** Version of the platform. */
export const PLATFORM_VERSION: string = packageJson.version;
