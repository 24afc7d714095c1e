import { hasDevices, secureAddress } from '../browser/secureContext';
import { text } from './text';

/** Why there is no camera and no microphone on this page, and where there are. */
export function NeedsHttps() {
  if (hasDevices()) return null;
  const address = secureAddress();
  return (
    <p className="needs-https quiet" role="note">
      <span>{text.needsHttps}</span>{' '}
      {address && (
        <a href={address} translate="no">
          {text.openAt(address)}
        </a>
      )}
    </p>
  );
}
