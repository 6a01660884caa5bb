/**
 * For a test of figures that are measured for some seconds: on a machine with other things to do one of them is off now and
 * then. A defect is off each time.
 */
export const MEASURED = { retry: 2 }
