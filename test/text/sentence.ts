/** The lab's sentence: 180 characters, 25 symbols. */
export const sentence =
  "if you want to build a ship, don't drum up people together to collect wood and don't assign them tasks and work, " +
  "but rather teach them to long for the endless immensity of the sea.";
