// The comparisons with the C libraries are scripts; see the head of each script in Versus/.

Console.WriteLine("Echo, side by side with the C libraries: Ivy.Net.Benchmarks/Versus/echo.sh");
