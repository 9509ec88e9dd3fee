// Every sentence that a person reads on the hosted pages, in one place.

import { passwordLength } from '@sallyport/feature-ledger';

const startAgain = 'Go back to the app and start again.';

export const texts = {
  lang: 'en',
  product: 'Sallyport',
  errorTitle: 'Error',
  problemHeading: 'There is a problem',
  signIn: {
    heading: 'Sign in',
    lead: 'to continue to',
    username: 'E-mail address',
    password: 'Password',
    button: 'Sign in',
    noAccount: 'No account yet?',
    openAccount: 'Open an account',
    incomplete: 'Enter your e-mail address and your password.',
    refused: 'The e-mail address or the password is not right.',
    locked: 'This account is locked. Contact the support of the app.',
    throttled: 'Too many attempts. Wait a little before you try again.',
    unavailable: 'We could not check that just now. Try again in a moment.',
  },
  signUp: {
    heading: 'Open an account',
    username: 'E-mail address',
    password: 'Password',
    passwordHint: `At least ${passwordLength.min} characters. A few words in a row work well.`,
    button: 'Open account',
    haveAccount: 'Have an account already?',
    signIn: 'Sign in',
    incomplete: 'Enter an e-mail address and a password.',
    name_malformed: 'Enter an e-mail address like name@example.com.',
    name_taken: 'No account can be opened with this e-mail address. If it is yours, sign in instead.',
    password_too_short: `The password needs at least ${passwordLength.min} characters.`,
    password_too_long: `The password can have at most ${passwordLength.max} characters.`,
    unavailable: 'The account could not be opened just now. Try again in a moment.',
  },
  opened: {
    heading: 'Account opened',
    next: 'You can sign in now.',
    signIn: 'Continue to sign in',
    elsewhere: 'Go back to the app to sign in.',
  },
  problems: {
    client: {
      heading: 'This link does not work',
      text: 'The app that sent you here is not known to this service. Tell the makers of the app.',
    },
    redirectUri: {
      heading: 'This link does not work',
      text: 'The app that sent you here names a way back that is not registered. Tell the makers of the app.',
    },
    expired: { heading: 'This page is too old', text: startAgain },
    otherBrowser: {
      heading: 'Sign-in could not go on',
      text: `It was begun in another browser, or this browser keeps no cookies: allow them. ${startAgain}`,
    },
    malformed: { heading: 'This form cannot be read', text: startAgain },
    wrongMethod: { heading: 'This page cannot be opened directly', text: startAgain },
    notFound: { heading: 'Page not found', text: 'There is nothing at this address.' },
    unavailable: { heading: 'Not possible just now', text: 'The service is busy. Try again in a moment.' },
    failed: { heading: 'Something went wrong', text: `The failure has been logged. ${startAgain}` },
  },
} as const;

export type ProblemPageName = keyof typeof texts.problems;
