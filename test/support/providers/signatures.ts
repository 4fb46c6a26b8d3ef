import { createSign, generateKeyPairSync } from 'node:crypto';
import twilio from 'twilio';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

/** What SendGrid shows as the verification key of the event webhook. */
export const verificationKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');

/** A request as SendGrid signs it. @param time Unix seconds */
export function signedEvents(events: unknown, time = Math.floor(Date.now() / 1_000)): RequestInit {
  const body = JSON.stringify(events);
  const signature = createSign('sha256').update(`${time}${body}`).sign(privateKey, 'base64');
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-twilio-email-event-webhook-signature': signature,
      'x-twilio-email-event-webhook-timestamp': String(time),
    },
    body,
  };
}

/** A request as Twilio signs it, by Twilio's own package. @param url the address as Twilio knows it */
export function signedStatus(url: string, form: Record<string, string>, token: string): RequestInit {
  const signature = twilio.getExpectedTwilioSignature(token, url, form);
  return { method: 'POST', headers: { 'x-twilio-signature': signature }, body: new URLSearchParams(form) };
}
