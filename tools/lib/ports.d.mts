/** Null when a TCP server could listen there at this moment, else the system's error code. */
export function tcpPortProblem(port: number, host?: string): Promise<string | null>;
/** `preferred` while it is free, else another one. */
export function freeTcpPort(preferred?: number): Promise<number>;
/** `preferred` while it is free, else another one. */
export function freeUdpPort(preferred?: number): Promise<number>;
