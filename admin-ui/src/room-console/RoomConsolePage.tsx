export const RoomConsolePage = () => null;
