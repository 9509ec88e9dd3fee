// Where network addresses are, from MaxMind DB files and lists of ranges; and where countries are.
export { countryPlaces } from './country-places.js';
export type { CountryPlace } from './country-places.js';
export { geoFileNames } from './geo-file.js';
export type { GeoFileName } from './geo-file.js';
export { GeoFiles, shippedCountryFile } from './geo-files.js';
export type { GeoFault, GeoFilesOpened, GeoPaths } from './geo-files.js';
export { geoSettings, readGeoPaths, type GeoSetting } from './geo-settings.js';
