using System.Runtime.CompilerServices;

// Every P/Invoke has blittable arguments only: no marshalling stub stands between a call and the kernel.
[assembly: DisableRuntimeMarshalling]
