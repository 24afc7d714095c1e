export function isTcpPortFree(port: number, host?: string): Promise<boolean>;
export function isUdpPortFree(port: number, host?: string): Promise<boolean>;
/** `preferred` while it is free, else another one. */
export function freeTcpPort(preferred?: number): Promise<number>;
/** `preferred` while it is free, else another one. */
export function freeUdpPort(preferred?: number): Promise<number>;
